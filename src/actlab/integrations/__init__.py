"""Who else speaks it: one file per ecosystem, each loaded on first use."""
