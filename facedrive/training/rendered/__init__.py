"""Synthetic faces with exact labels: ICT-FaceKit's shapes, photographed skin, our own renderer."""
