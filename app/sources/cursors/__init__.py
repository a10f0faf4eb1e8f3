"""How lists that change while they are read are read without a loss, one request at a time."""
