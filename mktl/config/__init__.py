"""What is kept on disk under ``$MKTL_HOME``, and the blocks that describe stores."""
