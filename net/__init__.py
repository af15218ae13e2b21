"""Every socket and every thread helper of the lab, and nothing else."""
