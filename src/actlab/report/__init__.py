"""How it is told: records become terminal output, pictures and pages, in English and Chinese."""
