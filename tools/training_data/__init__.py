"""What ``make_training_data.py`` makes: a module for each input, and the manifest."""
