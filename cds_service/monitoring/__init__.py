"""What became of cards, how loud the service is, and whether it changes: reports, meters and watches over records."""
