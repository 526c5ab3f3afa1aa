"""Programs that each answer one question about speed, with ratios against a peer that runs beside it."""
