"""Every text of the page, in English and Japanese: the one table of them.

The docstrings of options are English where they are declared; ``OPTIONS_JA`` has their Japanese.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from facedrive.studio.options_ja import OPTIONS_JA

Language = Literal["en", "ja"]


class Text(NamedTuple):
    """One text in every language."""

    en: str
    ja: str


TEXTS: dict[str, Text] = {
    # the shell
    "skip": Text("Skip to the controls", "操作部へ移動"),
    "views": Text("Views", "画面"),
    "live": Text("Live", "ライブ"),
    "setup": Text("Set up", "設定"),
    "tune": Text("Tune", "調整"),
    "outputs": Text("Outputs", "出力"),
    "takes": Text("Takes", "テイク"),
    "dark": Text("Dark or light", "ダーク／ライト切替"),
    "language_switch": Text("日本語に切り替える (Japanese)", "Switch to English"),
    "avatar": Text("Avatar", "アバター"),
    "camera": Text("Camera picture with landmarks", "ランドマーク付きカメラ映像"),
    "no_gl": Text(
        "This browser draws no 3D: turn on hardware acceleration (WebGL) in its settings.",
        "このブラウザは3D表示ができません。設定でハードウェアアクセラレーション（WebGL）を有効にしてください。",
    ),
    "pause": Text("Pause", "一時停止"),
    "go_on": Text("Go on", "再開"),
    "recentre": Text("Recentre", "中心に戻す"),
    "mirror": Text("Mirror", "左右反転"),
    "record": Text("Record", "録画"),
    "stop_recording": Text("Stop recording", "録画停止"),
    "back_to_source": Text("Back to the camera", "カメラに戻る"),
    "resting": Text("Rest your face for half a second.", "0.5秒間、無表情にしてください。"),
    # states
    "opening": Text("Opening …", "起動中…"),
    "running": Text("Running", "動作中"),
    "paused": Text("Paused", "一時停止中"),
    "acting": Text("By hand", "手動"),
    "playing": Text("Playing a take", "テイク再生中"),
    "stopped": Text("Ended", "終了"),
    "failed": Text("Failed", "エラー"),
    "face": Text("face seen", "顔を検出"),
    "no_face": Text("no face", "顔なし"),
    "demo_plays": Text("No camera found: the demo clip plays.", "カメラが見つからないため、デモ映像を再生しています。"),
    "demo_instead": Text("The demo clip plays instead.", "代わりにデモ映像を再生しています。"),
    "again": Text("Try again", "再試行"),
    "unexplained": Text("{error}", "エラーが起きました。原因と対処は次の英文をご覧ください：{error}"),
    # live
    "action_units": Text("Action units", "アクションユニット"),
    "trace_note": Text("Bright: smoothed. Pale: raw. Behind: the last 10 s.", "濃色：平滑化後　淡色：生の値　背景：直近10秒"),
    "extras": Text("Extras", "その他の動き"),
    "extras_note": Text("What no action unit of FEAFA+ names.", "FEAFA+のアクションユニットにない動き"),
    "figures": Text("Figures", "計測値"),
    "fps": Text("Frames a second", "フレーム毎秒"),
    "dropped": Text("Dropped frames", "欠落フレーム"),
    "latency": Text("Frame to wire", "フレーム→送信"),
    "jitter": Text("Jitter", "ジッター"),
    "delay": Text("Camera to page", "撮影→画面"),
    "track": Text("track", "追跡"),
    "crop": Text("crop", "切り出し"),
    "regress": Text("model", "モデル"),
    "pose": Text("head pose", "頭部姿勢"),
    "smooth": Text("smooth", "平滑化"),
    "send": Text("send", "送信"),
    "keys": Text("Keys: P pauses, C recentres, M mirrors, R records, 1 to 5 change the view.", "キー操作：P 一時停止、C 中心に戻す、M 左右反転、R 録画、1〜5 画面切替"),
    # set up
    "source": Text("Source", "入力"),
    "camera_choice": Text("Camera", "カメラ"),
    "no_cameras": Text("This computer has no camera that can be listed.", "利用できるカメラが見つかりません。"),
    "clip": Text("Demo clip", "デモ映像"),
    "file_or_stream": Text("File or stream URL", "ファイルまたはストリームURL"),
    "use": Text("Use", "使用"),
    "size": Text("Size", "解像度"),
    "format": Text("Format", "形式"),
    "tracking": Text("Tracking", "トラッキング"),
    "tracker": Text("Tracker", "トラッカー"),
    "device": Text("Runs on", "実行デバイス"),
    "model": Text("Model file", "モデルファイル"),
    "region": Text("Region of the picture", "映像の範囲"),
    "rotate": Text("Turn the picture", "映像の回転"),
    "flip": Text("Swap left and right", "左右を入れ替え"),
    "region_eye": Text("eyes", "目"),
    "region_brow": Text("brows", "眉"),
    "region_jaw": Text("jaw", "顎"),
    "region_mouth": Text("mouth", "口"),
    "region_cheek": Text("cheeks", "頬"),
    "region_nose": Text("nose", "鼻"),
    "rate": Text("Rate", "フレームレート"),
    "drivers": Text("The driver's", "ドライバー既定"),
    "rig": Text("Avatar rig", "アバター（リグ）"),
    "drop_rig": Text("Drop .glb, .gltf, .vrm or .obj here", ".glb / .gltf / .vrm / .obj をここにドロップ"),
    "rejected": Text("Not taken: it has more than {most} MB, or is of another kind.", "受け付けられません。{most} MBを超えているか、対応していない形式です。"),
    "covers": Text("Shows {count} of 24 action units", "24個中{count}個のアクションユニットに対応"),
    "lacks": Text("Not shown: {names}", "非対応：{names}"),
    "all_options": Text("All options", "すべてのオプション"),
    "search": Text("Search options", "オプションを検索"),
    "found": Text("{count} options", "{count}件"),
    "default": Text("default {value}", "既定値 {value}"),
    "none": Text("none", "なし"),
    "reset": Text("Back to the default", "既定値に戻す"),
    "at_once": Text("from the next frame", "次のフレームから有効"),
    "reopens": Text("opens the stage again", "該当部分を開き直します"),
    "next_start": Text("from the next start", "次回起動時から有効"),
    "several": Text("one a line", "1行に1つ"),
    "setups": Text("Set-ups", "セットアップ"),
    "setups_note": Text("The same files that facedrive live --config reads.", "facedrive live --config で読み込むものと同じファイルです。"),
    "name": Text("Name", "名前"),
    "save": Text("Save", "保存"),
    "load": Text("Load", "読み込む"),
    "compare": Text("Compare", "比較"),
    "same": Text("No difference.", "違いはありません。"),
    "saved": Text("Saved: {path}", "保存しました：{path}"),
    "loaded": Text("Loaded: {name}", "読み込みました：{name}"),
    "now": Text("now", "現在"),
    # tune
    "choose_au": Text("Action unit or extra", "アクションユニット／その他"),
    "response": Text("Response", "応答カーブ"),
    "response_note": Text("Drag the points: where it starts, how it bends, where it is full.", "点をドラッグ：始点・曲がり具合・最大点"),
    "offset": Text("Starts at", "始点"),
    "full": Text("Full at", "最大点"),
    "bend": Text("Curve", "カーブ"),
    "linked": Text("Left and right alike", "左右を連動"),
    "trace": Text("The last four seconds, raw and smoothed", "直近4秒（生の値と平滑化後）"),
    "trace_colours": Text("Pale: as the model reads it. Bright: as it is sent.", "淡色：モデルの値　濃色：送信される値"),
    "by_hand": Text("Test by hand", "手動テスト"),
    "by_hand_note": Text("Moves the avatar and the outputs without a face.", "顔なしでアバターと出力を動かします。"),
    "let_go": Text("Let go", "手動を終了"),
    "smoothing": Text("Smoothing", "平滑化"),
    "steady": Text("Steady at rest", "静止時の安定"),
    "quick": Text("Quick in movement", "動きへの追従"),
    "lag": Text("A step reaches 90 % in {ms} ms", "変化の90%に達するまで {ms} ms"),
    "calibration": Text("Calibration", "キャリブレーション"),
    "calibration_note": Text("A guided minute that learns your face.", "約1分で、あなたの顔に合わせます。"),
    "begin": Text("Begin", "開始"),
    "skip_step": Text("Skip", "スキップ"),
    "repeat": Text("Repeat", "やり直す"),
    "finish": Text("Keep", "採用"),
    "cancel": Text("Cancel", "キャンセル"),
    "caught": Text("Caught", "検出しました"),
    "not_yet": Text("Not yet: more", "まだです。もっと大きく"),
    "get_ready": Text("Get ready", "準備"),
    "hold": Text("Hold", "そのまま"),
    "before": Text("before", "前"),
    "after": Text("after", "後"),
    "result": Text("Result: your strongest movement, before and after", "結果：最も大きい動き（前と後）"),
    "profiles": Text("Profiles", "プロファイル"),
    "no_profile": Text("Nobody in particular", "標準"),
    "step_rest": Text("Rest your face and look into the camera.", "無表情でカメラを見てください。"),
    "step_blink": Text("Close both eyes.", "両目を閉じてください。"),
    "step_lids": Text("Open your eyes wide.", "目を大きく見開いてください。"),
    "step_brows_up": Text("Raise your brows.", "眉を上げてください。"),
    "step_brows_down": Text("Lower your brows.", "眉をひそめてください。"),
    "step_jaw": Text("Open your mouth.", "口を大きく開けてください。"),
    "step_smile": Text("Smile.", "笑ってください。"),
    "step_pucker": Text("Pucker your lips.", "唇をすぼめてください。"),
    "step_cheeks": Text("Puff your cheeks.", "頬を膨らませてください。"),
    "step_nose": Text("Wrinkle your nose.", "鼻にしわを寄せてください。"),
    # outputs
    "add_output": Text("Add an output", "出力を追加"),
    "app": Text("App", "アプリ"),
    "address": Text("Address", "アドレス"),
    "add": Text("Add", "追加"),
    "in_that_app": Text("In that app", "アプリ側の設定"),
    "sending": Text("sending", "送信中"),
    "per_second": Text("{rate} a second", "毎秒{rate}回"),
    "off": Text("off", "オフ"),
    "output_failed": Text("failed", "失敗"),
    "on_off": Text("On or off: {name}", "オン／オフ：{name}"),
    "remove": Text("Remove", "削除"),
    "remove_named": Text("Remove {name}", "{name} を削除"),
    "none_yet": Text("Nothing is sent yet. Add the app that shall receive your face.", "まだ出力がありません。顔を送りたいアプリを追加してください。"),
    "wave": Text("Test wave", "テスト波形"),
    "stop_wave": Text("End the test", "テスト終了"),
    "wave_note": Text("Moves every channel once, one after the other.", "すべてのチャンネルを順に1回ずつ動かします。"),
    "mapping": Text("Mapping", "マッピング"),
    "channel": Text("Channel", "チャンネル"),
    "value": Text("Now", "現在値"),
    "weights": Text("Weights", "重み"),
    "save_mapping": Text("Save as my mapping", "自分のマッピングとして保存"),
    "obs": Text("OBS", "OBS"),
    "obs_note": Text("The avatar alone, on nothing: three steps.", "アバターのみ（背景透過）。3ステップで使えます。"),
    "obs_1": Text("In OBS, add a Browser source.", "OBSで「ブラウザ」ソースを追加します。"),
    "obs_2": Text("Paste this address as its URL; 800 by 800 is a good size.", "下のアドレスをURLに貼り付けます（推奨サイズ 800×800）。"),
    "obs_3": Text("Leave the custom CSS as it is. The background is transparent.", "カスタムCSSはそのままで構いません。背景は透明です。"),
    "copy": Text("Copy", "コピー"),
    "copied": Text("Copied.", "コピーしました。"),
    "head": Text("Head", "頭"),
    "bust": Text("Bust", "胸から上"),
    "framing": Text("Framing", "構図"),
    # takes
    "no_takes": Text("No takes yet. Press Record, and move your face.", "テイクはまだありません。「録画」を押して顔を動かしてください。"),
    "record_picture": Text("Record the camera's picture too", "カメラ映像も録画する"),
    "camera_picture": Text("Camera picture", "カメラ映像"),
    "with_picture": Text("with picture", "映像あり"),
    "drop_take": Text("Drop takes here: .csv or .parquet, or Live Link Face's .csv", "テイクをここにドロップ：.csv / .parquet / Live Link Faceの.csv"),
    "play": Text("Play", "再生"),
    "play_named": Text("Play {name}", "{name} を再生"),
    "loop": Text("Loop", "ループ"),
    "trim": Text("Keep this part as a new take", "この範囲を新しいテイクとして保存"),
    "rename": Text("Rename", "名前を変更"),
    "notes": Text("Notes", "メモ"),
    "delete": Text("Delete", "削除"),
    "delete_sure": Text("Delete {name} for good?", "{name} を完全に削除しますか？"),
    "export": Text("Export", "書き出し"),
    "exporting": Text("Exporting …", "書き出し中…"),
    "exported": Text("Exported: {name}", "書き出しました：{name}"),
    "gltf": Text("GLB, for three.js and Blender", "GLB（three.js・Blender用）"),
    "livelink-csv": Text("CSV, as Live Link Face", "CSV（Live Link Face形式）"),
    "vmd": Text("VMD, for MikuMikuDance", "VMD（MikuMikuDance用）"),
    "timeline": Text("Time in the take", "再生位置"),
    "seconds": Text("{seconds} s", "{seconds} 秒"),
    "rows": Text("{rows} frames", "{rows} フレーム"),
    "close": Text("Close", "閉じる"),
    "more": Text("More for {name}", "{name} の操作"),
    # apps
    "app_vrchat": Text("Turn on OSC in the action menu. The avatar needs the parameters of VRCFaceTracking v2.", "アクションメニューでOSCを有効にします。アバターにVRCFaceTracking v2のパラメーターが必要です。"),
    "app_vseeface": Text("In Settings, turn on the OSC/VMC receiver on this port, with the expressions of Perfect Sync.", "設定でOSC/VMC受信を有効にし、このポートとパーフェクトシンクの表情を選びます。"),
    "app_warudo": Text("Add a VMC receiver as the motion capture's source, with this port.", "モーションキャプチャーに「VMC受信」を追加し、このポートを指定します。"),
    "app_unreal": Text("Open Live Link, add a source of Live Link Face (UDP), and choose the subject facedrive.", "Live LinkでLive Link Face（UDP）ソースを追加し、サブジェクトfacedriveを選びます。"),
    "app_vts": Text("In its settings, start the plugin API; then allow facedrive when it asks.", "設定でプラグインAPIを有効にし、確認が出たらfacedriveを許可します。"),
    "app_camera": Text("Choose the virtual camera in that app's video settings. ?background= takes a colour, a picture's path, or blur.", "アプリのビデオ設定で仮想カメラを選びます。?background= には色・画像のパス・blur（ぼかし）を指定できます。"),
    "app_ifacialmocap": Text("Choose iFacialMocap as the face tracker, on this computer.", "フェイストラッキングでiFacialMocapを選び、このPCを指定します。"),
    "app_openseeface": Text("Choose OpenSeeFace as the tracker, on this port; its own tracker stays off.", "トラッカーにOpenSeeFaceとこのポートを選びます。付属トラッカーは起動しません。"),
    "app_osc": Text("Receive OSC on this port; the addresses are named after the action units.", "このポートでOSCを受信します。アドレス名はアクションユニット名です。"),
    "app_blender": Text("Install the add-on from examples/blender, and press Start in its panel.", "examples/blenderのアドオンを入れ、パネルで「Start」を押します。"),
    "app_unity": Text("Put the receiver of examples/unity on the avatar.", "examples/unityの受信コンポーネントをアバターに付けます。"),
    "app_godot": Text("Open the project in examples/godot, or put its script on your head.", "examples/godotのプロジェクトを開くか、そのスクリプトを使います。"),
    "app_babble": Text("Choose the port of Project Babble's output in the app.", "アプリ側でProject Babbleの出力ポートを指定します。"),
    "app_ws": Text("Connect to this address with a WebSocket; each frame is one JSON message.", "WebSocketでこのアドレスに接続します。1フレームが1つのJSONです。"),
    "app_csv": Text("Writes a take to this file.", "テイクをこのファイルに書き込みます。"),
    "own_url": Text("Another address", "その他のアドレス"),
    "app_own": Text("Any address that facedrive outputs lists, such as osc://127.0.0.1:9000.", "facedrive outputs が示すアドレスを指定できます（例：osc://127.0.0.1:9000）。"),
}  # fmt: skip

AU_LABELS: dict[str, Text] = {
    "left_eye_close": Text("Eye close L", "左目を閉じる"),
    "right_eye_close": Text("Eye close R", "右目を閉じる"),
    "left_lid_raise": Text("Lid raise L", "左まぶたを上げる"),
    "right_lid_raise": Text("Lid raise R", "右まぶたを上げる"),
    "left_brow_lower": Text("Brow lower L", "左眉を下げる"),
    "right_brow_lower": Text("Brow lower R", "右眉を下げる"),
    "left_brow_raise": Text("Brow raise L", "左眉を上げる"),
    "right_brow_raise": Text("Brow raise R", "右眉を上げる"),
    "jaw_drop": Text("Jaw drop", "口を開ける"),
    "jaw_slide_left": Text("Jaw slide L", "顎を左へ"),
    "jaw_slide_right": Text("Jaw slide R", "顎を右へ"),
    "left_lip_corner_pull": Text("Lip corner pull L", "左口角を上げる"),
    "right_lip_corner_pull": Text("Lip corner pull R", "右口角を上げる"),
    "left_lip_corner_stretch": Text("Lip stretch L", "左口角を引く"),
    "right_lip_corner_stretch": Text("Lip stretch R", "右口角を引く"),
    "upper_lip_suck": Text("Upper lip suck", "上唇を巻き込む"),
    "lower_lip_suck": Text("Lower lip suck", "下唇を巻き込む"),
    "jaw_thrust": Text("Jaw thrust", "顎を突き出す"),
    "upper_lip_raise": Text("Upper lip raise", "上唇を上げる"),
    "lower_lip_depress": Text("Lower lip depress", "下唇を下げる"),
    "chin_raise": Text("Chin raise", "顎先を上げる"),
    "lip_pucker": Text("Lip pucker", "唇をすぼめる"),
    "cheeks_puff": Text("Cheeks puff", "頬を膨らませる"),
    "nose_wrinkle": Text("Nose wrinkle", "鼻にしわを寄せる"),
}

EXTRA_LABELS: dict[str, Text] = {
    "left_mouth_frown": Text("Mouth frown L", "左口角を下げる"),
    "right_mouth_frown": Text("Mouth frown R", "右口角を下げる"),
    "left_lip_press": Text("Lip press L", "左唇を押し付ける"),
    "right_lip_press": Text("Lip press R", "右唇を押し付ける"),
    "left_dimple": Text("Dimple L", "左えくぼ"),
    "right_dimple": Text("Dimple R", "右えくぼ"),
    "mouth_left": Text("Mouth to the left", "口を左へ"),
    "mouth_right": Text("Mouth to the right", "口を右へ"),
    "lip_funnel": Text("Lip funnel", "唇を突き出す"),
    "lips_together": Text("Lips together", "唇を閉じ合わせる"),
    "upper_lip_shrug": Text("Upper lip shrug", "上唇を押し上げる"),
    "inner_brow_raise": Text("Inner brow raise", "眉頭を上げる"),
    "left_eye_squint": Text("Eye squint L", "左目を細める"),
    "right_eye_squint": Text("Eye squint R", "右目を細める"),
}


def language_of(cookies: Mapping[str, str], accepted: str) -> Language:
    """Return whose texts a browser is given: what was chosen there, else what it asks for."""
    chosen = cookies.get("fd_language") or ("ja" if accepted.startswith("ja") else "en")
    return "ja" if chosen == "ja" else "en"


def say(language: Language, key: str, **values: object) -> str:
    """Return a text of the table with its values filled in."""
    text: str = getattr(TEXTS[key], language)
    return text.format(**values) if values else text


def au_label(language: Language, name: str) -> str:
    """Return what an action unit or an extra is called on the page; its name where none is known."""
    label = AU_LABELS.get(name) or EXTRA_LABELS.get(name)
    return name if label is None else str(getattr(label, language))


def option_about(language: Language, name: str, english: str) -> str:
    """Return what an option does, from its declaration or the table of their Japanese."""
    return OPTIONS_JA.get(name, english) if language == "ja" else english
