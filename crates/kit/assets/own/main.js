// Starts every script of the page.
