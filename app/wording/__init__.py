"""How a refusal is put into words: which value, what came, what is allowed, and what was probably meant."""
