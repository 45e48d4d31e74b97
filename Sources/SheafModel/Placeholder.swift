enum PlaceholderSheafModel {}
