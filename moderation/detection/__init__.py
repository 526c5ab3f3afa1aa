"""The detector: values in, values out. It knows no network, SQL, Flask, files or clock."""
