"""Which versions of runtimes the files of a repository test and declare, and when their support ends. Pure."""
