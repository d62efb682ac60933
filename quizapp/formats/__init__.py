"""Files to values and back; knows neither storage nor HTTP."""
