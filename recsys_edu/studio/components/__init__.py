"""The live parts of the studio: the film map and the loss curves, plain JavaScript without a build step."""
