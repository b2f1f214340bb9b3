"""One meaning, many forms: what AWS may answer in several ways is the same to the library."""
