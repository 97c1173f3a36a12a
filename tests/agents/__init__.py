"""The package under real agents: programs that watch others in production."""
