"""Making the models: data, splits, training, evaluation; needs the train extra."""
