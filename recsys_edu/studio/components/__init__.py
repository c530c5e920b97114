"""The live parts of the studio: the film map, the charts, lists and tables, plain JavaScript without a build step."""
