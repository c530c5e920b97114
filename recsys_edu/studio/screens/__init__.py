"""The studio's pages. Each reads as a description of its screen."""
