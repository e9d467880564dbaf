"""What each option does, in Japanese; the English stands where the option is declared."""

from __future__ import annotations

_CUTOFF = "静止時のカットオフ周波数（Hz）。低いほど安定し、動き出しは遅くなります。"
_BETA = "毎秒の変化量に応じて上がるカットオフ（Hz）。高いほど速い動きに追従します。"
_SPEED = "betaに掛ける速度のカットオフ周波数（Hz）。"

OPTIONS_JA: dict[str, str] = {
    "source.what": "カメラ番号、/dev/video…、動画ファイル、画像フォルダー、ストリームURL、demo、またはプラグイン。",
    "source.fourcc": "カメラに要求する画素形式（MJPGなど）。省略時はドライバー既定。",
    "source.fps": "カメラに要求するフレームレート、または画像の撮影レート。",
    "source.size": "カメラに要求する解像度。",
    "source.open_s": "ストリームの応答を待つ秒数。",
    "source.read_s": "ストリームが途絶えたと見なすまでの秒数。",
    "source.stall_s": "カメラやストリームが止まってから無表情に戻り始めるまでの秒数。",
    "source.wait": "まだ存在しないカメラやストリームが現れるまで待ちます。",
    "source.picture.rotate": "映像を時計回りに回す角度。autoは自動判定。省略時は、顔が横向きの場合に知らせます。",
    "source.picture.flip": "鏡像を出力するカメラのために左右を入れ替えます。",
    "tracker.use": "トラッカー：dlib、mediapipe、またはプラグイン（package.module:Class）。",
    "tracker.model": "トラッカー付属の代わりに使うランドマークモデル。",
    "tracker.faces": "同時に追跡する人数（allで全員）。各人に変わらない番号が付きます。",
    "tracker.region": "映像のうち見る範囲（座席など）。左、上、幅、高さを0〜1で指定します。",
    "tracker.dlib.remember_s": "見失ったあと、位置と大きさが同じ人だけを待つ秒数。過ぎると、いちばん近い人を追います。",
    "tracker.dlib.find_score": "新しい顔を見つけたと判断するための検出器の信頼度。",
    "tracker.dlib.keep_score": "追跡中の顔を見失ったと判断する信頼度の下限。",
    "tracker.dlib.check_every": "再確認を行うフレーム間隔。",
    "tracker.dlib.steadiness": "1フレームの動きがこの値（外眼角間距離比）のランドマークは半分だけ動きます。小さい揺れほど抑え、大きい動きはほぼそのまま通します。0で無効。",
    "tracker.pose.fov_deg": "カメラの垂直画角（度）。頭までの距離だけに影響します。",
    "regressor.use": "AUモデルの実行方法：onnx、またはプラグイン（package.module:Class）。",
    "regressor.model": "仕様情報をメタデータに持つAUモデル。省略時は付属モデル。",
    "regressor.device": "autoは使えればCUDA、なければCPU。cudaは使えない場合エラーになります。",
    "calibration.profile": "facedrive calibrateで作成した個人のキャリブレーション。",
    "calibration.auto_neutral": "プロファイルがないとき、見ながら無表情の基準を学習します。省略時はliveだけで有効。",
    "smoothing.use": "フィルター：one-euro、none、またはプラグイン（package.module:Class）。",
    **{f"smoothing.{kind}.{name}": about
       for kind in ("aus", "gaze", "rotation", "translation", "extras")
       for name, about in (("min_cutoff_hz", _CUTOFF), ("beta", _BETA),
                           ("derivative_cutoff_hz", _SPEED))},
    "lost.hold_s": "顔を見失ったあと、最後の値を保つ秒数。",
    "lost.ease_s": "その後、無表情に戻るまでの秒数（0より大きい値）。",
    "outputs.to": "出力先（osc://127.0.0.1:9000、csv:take.csvなど）。複数可。一覧はfacedrive outputs。",
    "outputs.mapping": "出力が使う表の一部を置き換える自分の表。表ごとに1つ、複数可。説明はfacedrive outputs。",
    "outputs.mirror": "URLに?mirror=noがない限り、すべての出力を鏡像にします。",
    "outputs.overwrite": "同名のファイルを置き換えます。指定しない場合は名前に番号を付けます。",
    "view.rig_names": "リグ側のターゲット名の対応。facedriveが知る名前より優先されます。",
    "view.rig": "動かす頭部：.obj、.gltf、.glb、.vrm、またはプラグイン。省略時は付属のもの。",
    "view.show": "ウィンドウを表示します。既定ではディスプレイがある場合に表示。",
    "view.mirror": "表示を鏡像にします。出力には--mirror-outputsを使います。",
    "view.record": "開始時から映像を録画します。",
    "control.ctl": "このPCの同じユーザーのfacedrive ctlからの操作を受け付けます。",
    "control.osc": "このPC内の指定ポートでOSCメッセージ /facedrive/control/<name> を受け付けます。",
}  # fmt: skip
"""By dotted name."""
