"""What labels look like and how far coders agree, as the paper's section 3."""
