"""Pages of an API in the raw layer, and the records that they become."""
