"""One file per report kind."""
