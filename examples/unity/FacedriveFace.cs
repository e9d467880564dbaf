// The blend shapes of a face, and a head, that follow facedrive's OSC messages; FacedriveReceiver and
// FacedriveUosc feed it.

using System;
using System.Collections.Generic;
using System.Text;
using UnityEngine;

public sealed class FacedriveFace
{
    // ARKit's name, then the inputs that move it and their shares: facedrive's mappings/arkit.toml.
    private static readonly string[] Arkit =
    {
        "eyeBlinkLeft left_eye_close 1",
        "eyeLookDownLeft gaze_left_down 1",
        "eyeLookInLeft gaze_left_in 1",
        "eyeLookOutLeft gaze_left_out 1",
        "eyeLookUpLeft gaze_left_up 1",
        "eyeSquintLeft left_eye_squint 1",
        "eyeWideLeft left_lid_raise 1",
        "eyeBlinkRight right_eye_close 1",
        "eyeLookDownRight gaze_right_down 1",
        "eyeLookInRight gaze_right_in 1",
        "eyeLookOutRight gaze_right_out 1",
        "eyeLookUpRight gaze_right_up 1",
        "eyeSquintRight right_eye_squint 1",
        "eyeWideRight right_lid_raise 1",
        "jawForward jaw_thrust 1",
        "jawLeft jaw_slide_left 1",
        "jawRight jaw_slide_right 1",
        "jawOpen jaw_drop 1",
        "mouthClose lips_together 1",
        "mouthFunnel lip_funnel 1",
        "mouthPucker lip_pucker 1",
        "mouthLeft mouth_left 1",
        "mouthRight mouth_right 1",
        "mouthSmileLeft left_lip_corner_pull 1",
        "mouthSmileRight right_lip_corner_pull 1",
        "mouthFrownLeft left_mouth_frown 1",
        "mouthFrownRight right_mouth_frown 1",
        "mouthDimpleLeft left_dimple 1",
        "mouthDimpleRight right_dimple 1",
        "mouthStretchLeft left_lip_corner_stretch 1",
        "mouthStretchRight right_lip_corner_stretch 1",
        "mouthRollLower lower_lip_suck 1",
        "mouthRollUpper upper_lip_suck 1",
        "mouthShrugLower chin_raise 1",
        "mouthShrugUpper upper_lip_shrug 1",
        "mouthPressLeft left_lip_press 1",
        "mouthPressRight right_lip_press 1",
        "mouthLowerDownLeft lower_lip_depress 1",
        "mouthLowerDownRight lower_lip_depress 1",
        "mouthUpperUpLeft upper_lip_raise 1",
        "mouthUpperUpRight upper_lip_raise 1",
        "browDownLeft left_brow_lower 1",
        "browDownRight right_brow_lower 1",
        "browInnerUp inner_brow_raise 1",
        "browOuterUpLeft left_brow_raise 1",
        "browOuterUpRight right_brow_raise 1",
        "cheekPuff cheeks_puff 1",
        "cheekSquintLeft left_lip_corner_pull 0.4",
        "cheekSquintRight right_lip_corner_pull 0.4",
        "noseSneerLeft nose_wrinkle 1",
        "noseSneerRight nose_wrinkle 1",
    };

    // The extras, each with the AUs that it goes along with where a sender gives no extras, and their
    // shares: facedrive's extras.py.
    private static readonly string[] Extras =
    {
        "left_mouth_frown",
        "right_mouth_frown",
        "left_lip_press",
        "right_lip_press",
        "left_dimple",
        "right_dimple",
        "mouth_left",
        "mouth_right",
        "lip_funnel",
        "lips_together",
        "upper_lip_shrug chin_raise 0.4",
        "inner_brow_raise left_brow_raise 0.5 right_brow_raise 0.5",
        "left_eye_squint left_lip_corner_pull 0.3 nose_wrinkle 0.3",
        "right_eye_squint right_lip_corner_pull 0.3 nose_wrinkle 0.3",
    };

    // The turn of an eye at which an input is 1, radians.
    private const float Degree = 0.01745329f;
    private const float FullUp = 21.5f * Degree;
    private const float FullDown = 35.0f * Degree;
    private const float FullIn = 36.0f * Degree;
    private const float FullOut = 32.0f * Degree;
    private const float FullWeight = 100f;

    // Extras come in packets of their own, of which some may be lost; after so many frames without
    // any, the sender gives none.
    private const int FramesWithout = 30;

    // The newest AUs, extras and gaze by name, 0 to 1.
    public readonly Dictionary<string, float> Inputs = new Dictionary<string, float>();

    private readonly List<Shape> shapes = new List<Shape>();
    private readonly Dictionary<string, Shares> derived = new Dictionary<string, Shares>();
    private int framesWithoutExtras = FramesWithout;
    private readonly string start;
    private readonly Transform head;
    private readonly Quaternion rest = Quaternion.identity;
    private Quaternion turn = Quaternion.identity;
    private readonly float[] numbers = new float[4];

    public FacedriveFace(string prefix, IEnumerable<SkinnedMeshRenderer> faces, Transform head)
    {
        start = prefix + "/";
        this.head = head;
        if (head != null) rest = head.localRotation;
        foreach (var face in faces) AddShapes(face);
        foreach (var row in Extras)
        {
            var words = row.Split(' ');
            derived[words[0]] = new Shares(words);
        }
    }

    // Whether there is a face; without one the values hold, then ease to neutral.
    public bool Seen { get; private set; }

    // Moves blend shapes and head to the newest values.
    public void Show()
    {
        if (framesWithoutExtras == FramesWithout)
        {
            foreach (var extra in derived) Inputs[extra.Key] = extra.Value.Mix(Inputs);
        }
        foreach (var shape in shapes)
            shape.Face.SetBlendShapeWeight(shape.Index, FullWeight * shape.Shares.Mix(Inputs));
        if (head != null) head.localRotation = turn * rest;
    }

    // Puts the head back as it was.
    public void LetGo()
    {
        if (head != null) head.localRotation = rest;
    }

    // Takes a message if it is one of facedrive's and its numbers are some.
    public void Take(string address, IList<float> values)
    {
        if (!address.StartsWith(start, StringComparison.Ordinal) || values.Count > numbers.Length) return;
        for (var i = 0; i < values.Count; i++)
        {
            if (float.IsNaN(values[i]) || float.IsInfinity(values[i])) return;
            numbers[i] = values[i];
        }
        Take(address.Substring(start.Length), values.Count);
    }

    private void Take(string name, int count)
    {
        if (name == "face" && count == 1) TakeFace();
        else if (name.StartsWith("au/", StringComparison.Ordinal) && count == 1)
            Inputs[name.Substring(3)] = Mathf.Clamp01(numbers[0]);
        else if (name.StartsWith("extra/", StringComparison.Ordinal) && count == 1) TakeExtra(name.Substring(6));
        else if (name == "gaze/left" && count == 2) TakeGaze("left", numbers[0], numbers[1]);
        else if (name == "gaze/right" && count == 2) TakeGaze("right", numbers[0], -numbers[1]);
        else if (name == "head/rotation" && count == 4) TakeTurn();
    }

    private void TakeFace()
    {
        Seen = numbers[0] != 0;
        framesWithoutExtras = Math.Min(framesWithoutExtras + 1, FramesWithout);
    }

    private void TakeExtra(string name)
    {
        Inputs[name] = Mathf.Clamp01(numbers[0]);
        framesWithoutExtras = 0;
    }

    // Pitch is up, outward is away from the nose; radians.
    private void TakeGaze(string side, float pitch, float outward)
    {
        Inputs["gaze_" + side + "_up"] = Mathf.Clamp01(pitch / FullUp);
        Inputs["gaze_" + side + "_down"] = Mathf.Clamp01(-pitch / FullDown);
        Inputs["gaze_" + side + "_out"] = Mathf.Clamp01(outward / FullOut);
        Inputs["gaze_" + side + "_in"] = Mathf.Clamp01(-outward / FullIn);
    }

    // facedrive is right-handed with +x to the subject's left. Unity is left-handed, and for a
    // face along +z +x is the subject's right: x is mirrored, which turns y and z the other way.
    private void TakeTurn()
    {
        float x = numbers[0], y = numbers[1], z = numbers[2], w = numbers[3];
        var length = Mathf.Sqrt(x * x + y * y + z * z + w * w);
        if (length < 1e-6f) return;
        turn = new Quaternion(x / length, -y / length, -z / length, w / length);
    }

    // Finds the blend shapes of a face. AUs' and extras' own names win: an input must not move a face
    // twice.
    private void AddShapes(SkinnedMeshRenderer face)
    {
        if (face == null || face.sharedMesh == null) return;
        var arkit = new List<Shape>();
        var taken = new List<string>();
        for (var index = 0; index < face.sharedMesh.blendShapeCount; index++)
        {
            var name = Plain(face.sharedMesh.GetBlendShapeName(index));
            foreach (var row in Arkit)
            {
                var words = row.Split(' ');
                if (IsName(name, words[0])) arkit.Add(new Shape(face, index, new Shares(words)));
                for (var i = 1; i < words.Length; i += 2)
                {
                    if (name != Plain(words[i]) || IsAdded(face, index)) continue;
                    shapes.Add(new Shape(face, index, new Shares(new[] { "", words[i], "1" })));
                    taken.Add(words[i]);
                }
            }
        }
        shapes.AddRange(arkit.FindAll(shape => !shape.Shares.Any(taken)));
    }

    private bool IsAdded(SkinnedMeshRenderer face, int index)
    {
        return shapes.Exists(shape => shape.Face == face && shape.Index == index);
    }

    // eyeBlinkLeft is eyeBlink_L to some.
    private static bool IsName(string plain, string channel)
    {
        var name = Plain(channel);
        if (plain == name) return true;
        if (name.EndsWith("left", StringComparison.Ordinal)) return plain == name.Substring(0, name.Length - 3);
        return name.EndsWith("right", StringComparison.Ordinal) && plain == name.Substring(0, name.Length - 4);
    }

    // Drops case, punctuation and what a modelling program puts before the last point.
    private static string Plain(string name)
    {
        var plain = new StringBuilder();
        foreach (var letter in name.Substring(name.LastIndexOf('.') + 1).ToLowerInvariant())
        {
            if (letter >= 'a' && letter <= 'z' || letter >= '0' && letter <= '9') plain.Append(letter);
        }
        return plain.ToString();
    }

    // One blend shape and the inputs that it follows.
    private sealed class Shape
    {
        public readonly SkinnedMeshRenderer Face;
        public readonly int Index;
        public readonly Shares Shares;

        public Shape(SkinnedMeshRenderer face, int index, Shares shares)
        {
            Face = face;
            Index = index;
            Shares = shares;
        }
    }

    // Shares of inputs: of a table's row, the words after its name.
    private sealed class Shares
    {
        private readonly KeyValuePair<string, float>[] weights;

        public Shares(string[] words)
        {
            weights = new KeyValuePair<string, float>[(words.Length - 1) / 2];
            for (var i = 0; i < weights.Length; i++)
            {
                var weight = float.Parse(words[2 * i + 2], System.Globalization.CultureInfo.InvariantCulture);
                weights[i] = new KeyValuePair<string, float>(words[2 * i + 1], weight);
            }
        }

        public bool Any(List<string> inputs)
        {
            return Array.Exists(weights, weight => inputs.Contains(weight.Key));
        }

        public float Mix(Dictionary<string, float> inputs)
        {
            var sum = 0f;
            foreach (var weight in weights)
            {
                float value;
                if (inputs.TryGetValue(weight.Key, out value)) sum += weight.Value * value;
            }
            return Mathf.Clamp01(sum);
        }
    }
}
