"""Views for dashboards: what reports say, kept in tables that a role reads which may read nothing else."""
