"""VTube Studio's plug-in API over WebSocket: Live2D avatars in VTube Studio.

Specification: the README of DenchiSoft/VTubeStudio, API 1.0. The first time, VTube Studio asks
the user whether facedrive may; the token it then gives is kept, for this user's eyes only, in
the user's configuration folder. "Start API" must be on in VTube Studio's settings.

What is sent are VTube Studio's own tracking parameters, those of ``PARAMETERS`` that it has, as
its webcam tracking fills them: angles in degrees, places in centimetres from where a head at rest
is (to the left, up, and away), eyes -1 to 1, the rest 0 to 1 with brows and smile at 0.5 where they
rest. Left is the subject's. With ``mapping`` each of a table's channels
becomes a custom parameter too, such as ``FdJawOpen``. VTube Studio lets go of a parameter that it
hears nothing of for a second, so the last values are repeated while no frame comes.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from facedrive.aus import AU_INDEX
from facedrive.errors import SinkError
from facedrive.files import user_config_folder
from facedrive.mappings.arkit import pascal_case
from facedrive.mappings.table import FULL_GAZE_RAD, load_mapping
from facedrive.sinks.packages import need
from facedrive.sinks.secrets import MAX_TOKEN, forget, read_secret, write_secret
from facedrive.sinks.udp import reached_by, reason_of
from facedrive.threads import ClosedError, Mailbox, Worker
from facedrive.types import Frame, Sample

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

log = logging.getLogger(__name__)

PLUG_IN = {"pluginName": "facedrive", "pluginDeveloper": "facedrive"}

REPEAT_S = 0.4
"""How long a frame may be late before the last one is sent again."""

ANSWER_S = 2.0
RETRY_S = 2.0
ASK_S = 0.2
"""How often a wait for the user's answer looks whether to stop."""

DENIED = 50
"""VTube Studio's error for a user who said no."""

MAX_CUSTOM = 100
"""Custom parameters that VTube Studio gives a plug-in."""

Values = dict[str, float]
Json = dict[str, Any]


class AnswerError(Exception):
    """VTube Studio answered with an error, or something that is no answer."""

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.number = number


@dataclass
class VtsSink:
    """Drives the avatar that is loaded in VTube Studio, as a plug-in that it asks about once."""

    tcp: ClassVar = True

    host: str = "127.0.0.1"
    port: int = 8001
    mapping: str = ""
    """Channels to add as custom parameters: arkit, vrm1, or a TOML file. Left out: none."""
    token: Path | None = None
    """File that keeps the plug-in's token; left out: one in your configuration folder."""

    def __post_init__(self) -> None:
        need("websockets", "websocket")
        if not 0 < self.port < 65536:
            raise SinkError(f"vts: port {self.port} does not exist; give one from 1 to 65535.")
        self._mapping = load_mapping(self.mapping) if self.mapping else None
        self._custom = _custom_names(self._mapping.channels if self._mapping else ())
        self._mailbox: Mailbox[tuple[Values, bool]] = Mailbox()
        path = self.token or user_config_folder() / "vtube_studio_token"
        url = f"ws://{_bracketed(reached_by(self.host))}:{self.port}"
        self._link = _Link(url, path, self._custom, self._mailbox)
        self._worker = Worker("vts", self._link.run)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Leave one sample for VTube Studio.

        Raises:
            SinkError: if VTube Studio's user said no.
        """
        if self._link.refusal is not None:
            raise self._link.refusal
        values = parameters(sample)
        if self._mapping is not None:
            channels = self._mapping.apply(sample.aus, sample.gaze, sample.extras).tolist()
            values |= zip(self._custom, channels, strict=True)
        self._mailbox.put((values, sample.face))

    @property
    def trouble(self) -> str:
        """Why nothing arrives; empty where it does."""
        return self._link.trouble

    def close(self) -> None:
        """Send no more; VTube Studio takes its own tracking up again."""
        self._mailbox.close()
        self._worker.stop()


def parameters(sample: Sample) -> Values:
    """Return the values of VTube Studio's own tracking parameters."""
    au = dict(zip(AU_INDEX, sample.aus.tolist(), strict=True))
    pitch, yaw, roll = sample.head.euler
    x, y, z = sample.head.from_rest.tolist()
    (left_up, left_out), (right_up, right_in) = np.clip(sample.gaze / FULL_GAZE_RAD, -1, 1).tolist()
    brows = [0.5 + (au[f"{side}_brow_raise"] - au[f"{side}_brow_lower"]) / 2 for side in SIDES]
    smile = sum(au[f"{side}_lip_corner_pull"] for side in SIDES) / 2
    return {
        "FacePositionX": 100 * x,
        "FacePositionY": 100 * y,
        "FacePositionZ": -100 * z,
        "FaceAngleX": yaw,
        "FaceAngleY": pitch,
        "FaceAngleZ": roll,
        "EyeOpenLeft": 1 - au["left_eye_close"],
        "EyeOpenRight": 1 - au["right_eye_close"],
        "EyeLeftX": left_out,
        "EyeLeftY": left_up,
        "EyeRightX": right_in,
        "EyeRightY": right_up,
        "BrowLeftY": brows[0],
        "BrowRightY": brows[1],
        "Brows": sum(brows) / 2,
        "MouthOpen": au["jaw_drop"],
        "MouthSmile": 0.5 + smile / 2,
        "MouthX": au["jaw_slide_left"] - au["jaw_slide_right"],
        "CheekPuff": au["cheeks_puff"],
        "FaceAngry": (au["left_brow_lower"] + au["right_brow_lower"]) / 2,
    }


SIDES = ("left", "right")


CONNECTING = "connecting"
"""The trouble of a session that has neither begun nor failed yet."""


class _Link:
    """The thread's side: connects, authenticates and injects, again and again."""

    def __init__(
        self, url: str, token: Path, custom: list[str], mailbox: Mailbox[tuple[Values, bool]]
    ) -> None:
        self._url = url
        self._token = token
        self._custom = custom
        self._mailbox = mailbox
        self._newest: tuple[Values, bool] | None = None
        self.trouble = CONNECTING
        """Why nothing arrives; empty where it does."""
        self.refusal: SinkError | None = None
        """Why the session is over for good."""

    def run(self, stopping: threading.Event) -> None:
        """Keep a session up until stopped, or until the user says no."""
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        while not stopping.is_set():
            try:
                with connect(
                    self._url, open_timeout=ANSWER_S, close_timeout=1, proxy=None, compression=None
                ) as connection:
                    self._drive(connection, stopping)
                    return
            except (OSError, WebSocketException, AnswerError) as error:
                self._note(_reason(error))
            stopping.wait(RETRY_S)

    def _drive(self, connection: ClientConnection, stopping: threading.Event) -> None:
        """Inject samples until none will come, or the user says no."""
        try:
            self._authenticate(connection, stopping)
            self._inject(connection, self._prepare(connection))
        except SinkError as refusal:
            self.refusal = refusal
        except ClosedError:
            return  # from here, so that VTube Studio hears a goodbye and not of an error

    def _note(self, trouble: str) -> None:
        """Log a change between working and not."""
        if trouble and self.trouble in ("", CONNECTING):
            log.warning("vts %s: %s; trying again", self._url, trouble)
        elif self.trouble and not trouble:
            log.info("vts %s: connected", self._url)
        self.trouble = trouble

    def _authenticate(self, connection: ClientConnection, stopping: threading.Event) -> None:
        token = read_secret(self._token, MAX_TOKEN)
        if token is not None and _is_accepted(connection, token):
            return
        if token is not None:
            forget(self._token)
            log.warning("vts: VTube Studio no longer knows facedrive; it is asked again")
        token = self._ask_user(connection, stopping)
        write_secret(self._token, token)
        if not _is_accepted(connection, token):
            raise AnswerError("the token that it just gave is refused")

    def _ask_user(self, connection: ClientConnection, stopping: threading.Event) -> str:
        log.info("vts: answer the question that VTube Studio shows: may facedrive control it?")
        connection.send(_request("AuthenticationTokenRequest", PLUG_IN))
        while not stopping.is_set():
            try:
                token = _answer(connection, ASK_S).get("authenticationToken")
            except TimeoutError:
                continue
            except AnswerError as error:
                if error.number == DENIED:
                    raise SinkError(
                        "VTube Studio's user did not allow facedrive; start again and allow it."
                    ) from error
                raise
            if isinstance(token, str) and token.isascii() and 0 < len(token) <= MAX_TOKEN:
                return token
            raise AnswerError("its token is none")
        raise ClosedError

    def _prepare(self, connection: ClientConnection) -> frozenset[str]:
        """Create the custom parameters; return the names of all that can be sent."""
        for name in self._custom:
            about = {"parameterName": name, "explanation": "facedrive", "min": 0, "max": 1}
            _ask(connection, "ParameterCreationRequest", about | {"defaultValue": 0})
        known = _ask(connection, "InputParameterListRequest").get("defaultParameters")
        if not isinstance(known, list):
            raise AnswerError("it does not list its parameters")
        names = [each.get("name") for each in known if isinstance(each, dict)]
        return frozenset([*self._custom, *(name for name in names if isinstance(name, str))])

    def _inject(self, connection: ClientConnection, known: frozenset[str]) -> None:
        """Send each newest sample, or the last one again, until the mailbox is closed."""
        if self._newest is None:
            self._newest = self._mailbox.get()
        while True:
            values, seen = self._newest
            chosen = {name: value for name, value in values.items() if name in known}
            try:
                _ask(connection, "InjectParameterDataRequest", injection(chosen, seen))
                self._note("")
            except AnswerError as error:
                if not error.number:
                    raise
                self._note(str(error))  # another plug-in has a parameter, say: it may let go
            try:
                self._newest = self._mailbox.get(REPEAT_S)
            except queue.Empty:
                continue


def injection(values: Values, seen: bool) -> Json:
    """Return the data of a request that sets parameters."""
    items = [{"id": name, "value": round(value, 5)} for name, value in values.items()]
    return {"faceFound": seen, "mode": "set", "parameterValues": items}


def _is_accepted(connection: ClientConnection, token: str) -> bool:
    data = PLUG_IN | {"authenticationToken": token}
    return _ask(connection, "AuthenticationRequest", data).get("authenticated") is True


def _ask(connection: ClientConnection, kind: str, data: Mapping[str, object] | None = None) -> Json:
    connection.send(_request(kind, data or {}))
    return _answer(connection, ANSWER_S)


def _request(kind: str, data: Mapping[str, object]) -> str:
    api = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "requestID": "facedrive"}
    return json.dumps(api | {"messageType": kind, "data": dict(data)})


def _answer(connection: ClientConnection, timeout: float) -> Json:
    """Return the data of the next answer.

    Raises:
        TimeoutError: if none comes.
        AnswerError: if it is an error, or no answer of VTube Studio's.
    """
    text = connection.recv(timeout)
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnswerError("it does not speak VTube Studio's API") from error
    data = message.get("data") if isinstance(message, dict) else None
    if not isinstance(data, dict):
        raise AnswerError("it does not speak VTube Studio's API")
    if message.get("messageType") == "APIError":
        number = data.get("errorID")
        raise AnswerError(str(data.get("message"))[:200], number if isinstance(number, int) else -1)
    return data


def _reason(error: Exception) -> str:
    """Return why a session ended or never began, as short as can be."""
    number = error.errno if isinstance(error, OSError) else None
    return reason_of(number) if number else str(error) or type(error).__name__


def _custom_names(channels: Iterable[str]) -> list[str]:
    """Return what VTube Studio shall call the channels."""
    names = [f"Fd{pascal_case(name)}" for name in channels]
    for name in names:
        if not (name.isascii() and name.isalnum() and 4 <= len(name) <= 32):
            raise SinkError(
                f"vts: VTube Studio takes no parameter '{name}'; a channel's name must be 2 to 30 "
                "letters and digits."
            )
    if len(names) > MAX_CUSTOM:
        raise SinkError(f"vts: {len(names)} channels; VTube Studio takes {MAX_CUSTOM} at most.")
    return names


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
