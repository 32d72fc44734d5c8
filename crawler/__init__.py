"""The crawler room: the Hub's listings become records in the catalog."""
