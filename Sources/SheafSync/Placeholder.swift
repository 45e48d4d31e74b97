enum PlaceholderSheafSync {}
