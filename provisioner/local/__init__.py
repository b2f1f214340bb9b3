"""The embedded AWS: moto, with the gaps that the kinds need filled."""
