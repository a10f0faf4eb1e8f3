"""One file for each page or small group of pages; ``app/console/registry.py`` lists them."""
