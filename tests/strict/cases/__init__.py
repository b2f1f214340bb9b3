"""One case per rule, in modules named as those of the rules; found by walking this folder."""
