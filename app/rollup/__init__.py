"""Groups tables that are larger than memory, exactly, in parts of a bounded size (docs/rollup-rules.md)."""
