enum PlaceholderSheafBundle {}
