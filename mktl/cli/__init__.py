"""The commands: ``mark`` asks daemons, ``markd`` is one."""
