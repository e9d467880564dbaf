"""Pictures: the avatar by OpenGL, and what is laid around it by plain drawing."""
