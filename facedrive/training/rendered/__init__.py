"""Synthetic faces with known labels: ICT-FaceKit's shapes, photographed skin, our own renderer."""
