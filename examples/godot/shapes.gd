# Which blend shape follows which action units, by its name: FEAFA+ names, else ARKit's.
#
# Written so that Godot 3 runs it too.
extends Object

# The turn of an eye at which an input is 1, radians.
const FULL_UP = 21.5 * PI / 180
const FULL_DOWN = 35.0 * PI / 180
const FULL_IN = 36.0 * PI / 180
const FULL_OUT = 32.0 * PI / 180

const AUS = [
	"left_eye_close",
	"right_eye_close",
	"left_lid_raise",
	"right_lid_raise",
	"left_brow_lower",
	"right_brow_lower",
	"left_brow_raise",
	"right_brow_raise",
	"jaw_drop",
	"jaw_slide_left",
	"jaw_slide_right",
	"left_lip_corner_pull",
	"right_lip_corner_pull",
	"left_lip_corner_stretch",
	"right_lip_corner_stretch",
	"upper_lip_suck",
	"lower_lip_suck",
	"jaw_thrust",
	"upper_lip_raise",
	"lower_lip_depress",
	"chin_raise",
	"lip_pucker",
	"cheeks_puff",
	"nose_wrinkle",
]

# ARKit's names, and the inputs that move each with their shares: facedrive's mappings/arkit.toml.
const ARKIT = {
	"eyeBlinkLeft": {"left_eye_close": 1.0},
	"eyeLookDownLeft": {"gaze_left_down": 1.0},
	"eyeLookInLeft": {"gaze_left_in": 1.0},
	"eyeLookOutLeft": {"gaze_left_out": 1.0},
	"eyeLookUpLeft": {"gaze_left_up": 1.0},
	"eyeSquintLeft": {"left_lip_corner_pull": 0.3, "nose_wrinkle": 0.3},
	"eyeWideLeft": {"left_lid_raise": 1.0},
	"eyeBlinkRight": {"right_eye_close": 1.0},
	"eyeLookDownRight": {"gaze_right_down": 1.0},
	"eyeLookInRight": {"gaze_right_in": 1.0},
	"eyeLookOutRight": {"gaze_right_out": 1.0},
	"eyeLookUpRight": {"gaze_right_up": 1.0},
	"eyeSquintRight": {"right_lip_corner_pull": 0.3, "nose_wrinkle": 0.3},
	"eyeWideRight": {"right_lid_raise": 1.0},
	"jawForward": {"jaw_thrust": 1.0},
	"jawLeft": {"jaw_slide_left": 1.0},
	"jawRight": {"jaw_slide_right": 1.0},
	"jawOpen": {"jaw_drop": 1.0},
	"mouthPucker": {"lip_pucker": 1.0},
	"mouthSmileLeft": {"left_lip_corner_pull": 1.0},
	"mouthSmileRight": {"right_lip_corner_pull": 1.0},
	"mouthStretchLeft": {"left_lip_corner_stretch": 1.0},
	"mouthStretchRight": {"right_lip_corner_stretch": 1.0},
	"mouthRollLower": {"lower_lip_suck": 1.0},
	"mouthRollUpper": {"upper_lip_suck": 1.0},
	"mouthShrugLower": {"chin_raise": 1.0},
	"mouthShrugUpper": {"chin_raise": 0.4},
	"mouthLowerDownLeft": {"lower_lip_depress": 1.0},
	"mouthLowerDownRight": {"lower_lip_depress": 1.0},
	"mouthUpperUpLeft": {"upper_lip_raise": 1.0},
	"mouthUpperUpRight": {"upper_lip_raise": 1.0},
	"browDownLeft": {"left_brow_lower": 1.0},
	"browDownRight": {"right_brow_lower": 1.0},
	"browInnerUp": {"left_brow_raise": 0.5, "right_brow_raise": 0.5},
	"browOuterUpLeft": {"left_brow_raise": 1.0},
	"browOuterUpRight": {"right_brow_raise": 1.0},
	"cheekPuff": {"cheeks_puff": 1.0},
	"cheekSquintLeft": {"left_lip_corner_pull": 0.4},
	"cheekSquintRight": {"right_lip_corner_pull": 0.4},
	"noseSneerLeft": {"nose_wrinkle": 1.0},
	"noseSneerRight": {"nose_wrinkle": 1.0},
}


# Returns, for each of a mesh's blend shapes that facedrive knows, its inputs and their shares.
static func find(names):
	var by_au = {}
	var by_arkit = {}
	for name in names:
		for au in AUS:
			if plain(name) == plain(au):
				by_au[name] = {au: 1.0}
		for channel in ARKIT:
			if plain(name) in _spellings(channel):
				by_arkit[name] = ARKIT[channel]
	return by_arkit if by_au.size() == 0 else by_au # one AU must not move a face twice


# Returns a blend shape's value, 0 to 1.
static func mix(shares, inputs):
	var value = 0.0
	for input in shares:
		value += shares[input] * inputs.get(input, 0.0)
	return clamp(value, 0.0, 1.0)


# Returns the inputs of one eye: pitch is up, outward is away from the nose, in radians.
static func gaze(side, pitch, outward):
	var head = "gaze_" + side
	return {
		head + "_up": clamp(pitch / FULL_UP, 0.0, 1.0),
		head + "_down": clamp(-pitch / FULL_DOWN, 0.0, 1.0),
		head + "_out": clamp(outward / FULL_OUT, 0.0, 1.0),
		head + "_in": clamp(-outward / FULL_IN, 0.0, 1.0),
	}


# Drops case, punctuation and what a modelling program puts before the last point.
static func plain(name):
	var found = ""
	var lower = name.substr(name.rfind(".") + 1).to_lower()
	for i in range(lower.length()):
		var letter = lower.substr(i, 1)
		if letter >= "a" and letter <= "z" or letter >= "0" and letter <= "9":
			found += letter
	return found


# eyeBlinkLeft is eyeBlink_L to some.
static func _spellings(channel):
	var name = plain(channel)
	if name.ends_with("left"):
		return [name, name.substr(0, name.length() - 3)]
	if name.ends_with("right"):
		return [name, name.substr(0, name.length() - 4)]
	return [name]
