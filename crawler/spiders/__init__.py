"""The scrapy spiders, one file for each kind of walk."""
