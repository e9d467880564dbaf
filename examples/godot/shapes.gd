# Which blend shape follows what, by its name: names of AUs and extras, else ARKit's.
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

# The extras, each with the AUs that it goes along with where a sender gives no extras, and their
# shares: facedrive's extras.py.
const EXTRAS = {
	"left_mouth_frown": {},
	"right_mouth_frown": {},
	"left_lip_press": {},
	"right_lip_press": {},
	"left_dimple": {},
	"right_dimple": {},
	"mouth_left": {},
	"mouth_right": {},
	"lip_funnel": {},
	"lips_together": {},
	"upper_lip_shrug": {"chin_raise": 0.4},
	"inner_brow_raise": {"left_brow_raise": 0.5, "right_brow_raise": 0.5},
	"left_eye_squint": {"left_lip_corner_pull": 0.3, "nose_wrinkle": 0.3},
	"right_eye_squint": {"right_lip_corner_pull": 0.3, "nose_wrinkle": 0.3},
}

# ARKit's names, and the inputs that move each with their shares: facedrive's mappings/arkit.toml.
const ARKIT = {
	"eyeBlinkLeft": {"left_eye_close": 1.0},
	"eyeLookDownLeft": {"gaze_left_down": 1.0},
	"eyeLookInLeft": {"gaze_left_in": 1.0},
	"eyeLookOutLeft": {"gaze_left_out": 1.0},
	"eyeLookUpLeft": {"gaze_left_up": 1.0},
	"eyeSquintLeft": {"left_eye_squint": 1.0},
	"eyeWideLeft": {"left_lid_raise": 1.0},
	"eyeBlinkRight": {"right_eye_close": 1.0},
	"eyeLookDownRight": {"gaze_right_down": 1.0},
	"eyeLookInRight": {"gaze_right_in": 1.0},
	"eyeLookOutRight": {"gaze_right_out": 1.0},
	"eyeLookUpRight": {"gaze_right_up": 1.0},
	"eyeSquintRight": {"right_eye_squint": 1.0},
	"eyeWideRight": {"right_lid_raise": 1.0},
	"jawForward": {"jaw_thrust": 1.0},
	"jawLeft": {"jaw_slide_left": 1.0},
	"jawRight": {"jaw_slide_right": 1.0},
	"jawOpen": {"jaw_drop": 1.0},
	"mouthClose": {"lips_together": 1.0},
	"mouthFunnel": {"lip_funnel": 1.0},
	"mouthPucker": {"lip_pucker": 1.0},
	"mouthLeft": {"mouth_left": 1.0},
	"mouthRight": {"mouth_right": 1.0},
	"mouthSmileLeft": {"left_lip_corner_pull": 1.0},
	"mouthSmileRight": {"right_lip_corner_pull": 1.0},
	"mouthFrownLeft": {"left_mouth_frown": 1.0},
	"mouthFrownRight": {"right_mouth_frown": 1.0},
	"mouthDimpleLeft": {"left_dimple": 1.0},
	"mouthDimpleRight": {"right_dimple": 1.0},
	"mouthStretchLeft": {"left_lip_corner_stretch": 1.0},
	"mouthStretchRight": {"right_lip_corner_stretch": 1.0},
	"mouthRollLower": {"lower_lip_suck": 1.0},
	"mouthRollUpper": {"upper_lip_suck": 1.0},
	"mouthShrugLower": {"chin_raise": 1.0},
	"mouthShrugUpper": {"upper_lip_shrug": 1.0},
	"mouthPressLeft": {"left_lip_press": 1.0},
	"mouthPressRight": {"right_lip_press": 1.0},
	"mouthLowerDownLeft": {"lower_lip_depress": 1.0},
	"mouthLowerDownRight": {"lower_lip_depress": 1.0},
	"mouthUpperUpLeft": {"upper_lip_raise": 1.0},
	"mouthUpperUpRight": {"upper_lip_raise": 1.0},
	"browDownLeft": {"left_brow_lower": 1.0},
	"browDownRight": {"right_brow_lower": 1.0},
	"browInnerUp": {"inner_brow_raise": 1.0},
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
	var found = {}
	var by_arkit = {}
	var taken = {}
	for name in names:
		for input in AUS + EXTRAS.keys():
			if plain(name) == plain(input):
				found[name] = {input: 1.0}
				taken[input] = true
		for channel in ARKIT:
			if plain(name) in _spellings(channel):
				by_arkit[name] = ARKIT[channel]
	for name in by_arkit:
		if not _is_any(by_arkit[name], taken): # an input must not move a face twice
			found[name] = by_arkit[name]
	return found


# Returns a blend shape's value, 0 to 1.
static func mix(shares, inputs):
	var value = 0.0
	for input in shares:
		value += shares[input] * inputs.get(input, 0.0)
	return clamp(value, 0.0, 1.0)


# Returns the extras that go along with AUs.
static func derived(inputs):
	var extras = {}
	for extra in EXTRAS:
		extras[extra] = mix(EXTRAS[extra], inputs)
	return extras


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


static func _is_any(inputs, taken):
	for input in inputs:
		if taken.has(input):
			return true
	return false


# eyeBlinkLeft is eyeBlink_L to some.
static func _spellings(channel):
	var name = plain(channel)
	if name.ends_with("left"):
		return [name, name.substr(0, name.length() - 3)]
	if name.ends_with("right"):
		return [name, name.substr(0, name.length() - 4)]
	return [name]
