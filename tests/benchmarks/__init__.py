"""Our models and those of other libraries on the same split, judged by the same metrics. See README.md."""
