// As much of Unity and uOSC as the components use, and a program that shows what they did.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Reflection;
using System.Threading;

namespace UnityEngine
{
    public class TooltipAttribute : Attribute { public TooltipAttribute(string text) { } }
    public class RequireComponent : Attribute { public RequireComponent(Type type) { } }
    public class MonoBehaviour
    {
        public bool enabled = true;
        public object Component;
        public T GetComponent<T>() { return (T)Component; }
    }
    public class Transform { public Quaternion localRotation = Quaternion.identity; }
    public static class Debug { public static void LogError(string text) { Console.WriteLine("error " + text); } }

    public static class Mathf
    {
        public static float Clamp01(float value) { return Math.Min(Math.Max(value, 0f), 1f); }
        public static float Sqrt(float value) { return (float)Math.Sqrt(value); }
    }

    public struct Quaternion
    {
        public float x, y, z, w;
        public Quaternion(float x, float y, float z, float w) { this.x = x; this.y = y; this.z = z; this.w = w; }
        public static Quaternion identity { get { return new Quaternion(0, 0, 0, 1); } }
        public static Quaternion operator *(Quaternion a, Quaternion b)
        {
            return new Quaternion(
                a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
                a.w * b.y + a.y * b.w + a.z * b.x - a.x * b.z,
                a.w * b.z + a.z * b.w + a.x * b.y - a.y * b.x,
                a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z);
        }
    }

    public class Mesh
    {
        public string[] Names;
        public int blendShapeCount { get { return Names.Length; } }
        public string GetBlendShapeName(int index) { return Names[index]; }
    }

    public class SkinnedMeshRenderer
    {
        public Mesh sharedMesh = new Mesh();
        public Dictionary<int, float> Weights = new Dictionary<int, float>();
        public void SetBlendShapeWeight(int index, float weight) { Weights[index] = weight; }
    }
}

namespace uOSC
{
    public struct Message { public string address; public object[] values; }

    public class DataReceiveEvent
    {
        private event Action<Message> Listeners;
        public void AddListener(Action<Message> listener) { Listeners += listener; }
        public void RemoveListener(Action<Message> listener) { Listeners -= listener; }
        public void Invoke(Message message) { if (Listeners != null) Listeners(message); }
    }

    public class uOscServer { public DataReceiveEvent onDataReceived = new DataReceiveEvent(); }
}

public static class Program
{
    // Arguments: the port, or "uosc" to read messages from standard input, a line each; then blend
    // shape names. Prints the head, then a weight a name.
    public static void Main(string[] arguments)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        Thread.CurrentThread.CurrentCulture = CultureInfo.InvariantCulture;
        var face = new UnityEngine.SkinnedMeshRenderer();
        face.sharedMesh.Names = new string[arguments.Length - 1];
        Array.Copy(arguments, 1, face.sharedMesh.Names, 0, arguments.Length - 1);
        var head = new UnityEngine.Transform();
        if (arguments[0] == "uosc") RunUosc(face, head);
        else RunReceiver(int.Parse(arguments[0]), face, head);
    }

    private static void RunReceiver(int port, UnityEngine.SkinnedMeshRenderer face, UnityEngine.Transform head)
    {
        var receiver = new FacedriveReceiver { port = port, faces = new[] { face }, head = head };
        Call(receiver, "OnEnable");
        Console.WriteLine("ready");
        Console.Out.Flush();
        for (var i = 0; i < 2000 && !receiver.FaceSeen; i++)
        {
            Thread.Sleep(5);
            Call(receiver, "LateUpdate");
        }
        Print(face, head);
        Call(receiver, "OnDisable");
    }

    private static void RunUosc(UnityEngine.SkinnedMeshRenderer face, UnityEngine.Transform head)
    {
        var server = new uOSC.uOscServer();
        var component = new FacedriveUosc { faces = new[] { face }, head = head, Component = server };
        Call(component, "OnEnable");
        string line;
        while ((line = Console.ReadLine()) != null)
        {
            var words = line.Split(' ');
            var values = new object[words.Length - 1];
            for (var i = 1; i < words.Length; i++)
            {
                int whole;
                float number;
                if (int.TryParse(words[i], out whole)) values[i - 1] = whole;
                else if (float.TryParse(words[i], out number)) values[i - 1] = number;
                else values[i - 1] = words[i];
            }
            server.onDataReceived.Invoke(new uOSC.Message { address = words[0], values = values });
        }
        Call(component, "LateUpdate");
        Print(face, head);
        Call(component, "OnDisable");
    }

    private static void Print(UnityEngine.SkinnedMeshRenderer face, UnityEngine.Transform head)
    {
        var turn = head.localRotation;
        Console.WriteLine(turn.x + " " + turn.y + " " + turn.z + " " + turn.w);
        for (var i = 0; i < face.sharedMesh.Names.Length; i++)
        {
            Console.WriteLine(face.Weights.ContainsKey(i) ? face.Weights[i].ToString() : "none");
        }
    }

    private static void Call(object receiver, string name)
    {
        receiver.GetType().GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic).Invoke(receiver, null);
    }
}
