"""How each app is handed a variant: one small file each, with what it cannot take."""
