"""What a process runs beside HTTP."""
