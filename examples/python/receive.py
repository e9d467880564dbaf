"""Print the jaw and the smile that facedrive sends: facedrive live --out osc://127.0.0.1:9000."""

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer


def show(address: str, value: float) -> None:
    """Print one AU and a bar."""
    print(f"{address:<44} {value:5.2f} {'#' * round(40 * value)}")


dispatcher = Dispatcher()
dispatcher.map("/facedrive/au/jaw_drop", show)
dispatcher.map("/facedrive/au/*_lip_corner_pull", show)
BlockingOSCUDPServer(("127.0.0.1", 9000), dispatcher).serve_forever()
