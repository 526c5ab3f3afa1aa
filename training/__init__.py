"""What learns: data sets, the written corpus, fits and their evaluation. Serving never imports it."""
