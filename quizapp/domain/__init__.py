"""What is true about learning: values in, values out."""
