enum PlaceholderSheaf {}
