"""Results as Python data: pages of lists, and AWS's scalars."""
