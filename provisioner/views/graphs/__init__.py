"""The graph of a stack as a text tree, as Mermaid, as DOT, as JSON."""
