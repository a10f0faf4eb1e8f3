"""Report kinds: what each is asked, what it reads, computes and leaves behind."""
