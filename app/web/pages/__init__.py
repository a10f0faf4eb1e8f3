"""Pages of the API for people in a browser: what they load is of this service, and no script stands in a page."""
