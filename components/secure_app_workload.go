package components

import (
	"fmt"

	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
	"eks-lattice/internal/sidecar"
)

const (
	appPort     = names.AppPort
	servicePort = 80
	// drainSeconds is how long a terminating pod continues to answer, because VPC
	// Lattice may still send it requests. The controller's guide says 60; the
	// controllers need the time as well, see LatticeCluster.Ref.
	// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/docs/faq.md
	drainSeconds = 75
	// graceSeconds leaves the application time to stop after that, as the guide recommends.
	graceSeconds = 150
	// checksumAnnotation changes with the proxy's configuration.
	checksumAnnotation = "eks-lattice.io/sidecar-checksum"
)

// podLabel is the label by which Deployment, Service and NetworkPolicy select pods.
const podLabel = "app"

// newWorkload creates the pods and the Service that a route leads to.
func (a *SecureApp) newWorkload(ctx *pulumi.Context, before []pulumi.Resource) ([]pulumi.Resource, error) {
	labels := pulumi.StringMap{podLabel: pulumi.String(a.version())}
	metadata := metav1.ObjectMetaArgs{
		Name:      pulumi.String(a.version()),
		Namespace: pulumi.String(a.args.Namespace.Name),
		Labels:    labels,
	}
	deployment, err := appsv1.NewDeployment(ctx, a.name+"-deployment", &appsv1.DeploymentArgs{
		Metadata: metadata,
		Spec: appsv1.DeploymentSpecArgs{
			Replicas: pulumi.Int(a.args.Replicas),
			Selector: metav1.LabelSelectorArgs{MatchLabels: labels},
			Template: corev1.PodTemplateSpecArgs{
				Metadata: metav1.ObjectMetaArgs{
					Labels: labels,
					Annotations: pulumi.StringMap{
						sidecar.Annotation: pulumi.String(sidecar.AnnotationValue),
						// The template does not contain the injected containers, so it has to
						// change in another way for pods to get new ones.
						sidecar.PolicyAnnotation: a.cluster().InjectionPolicy,
						checksumAnnotation:       a.sidecarChecksum(),
						// kubectl exec and logs use the application, not the proxy.
						"kubectl.kubernetes.io/default-container": pulumi.String(a.version()),
					},
				},
				Spec: a.podSpec(),
			},
		},
	}, pulumi.Parent(a), pulumi.DependsOn(before), timeouts(controllerTimeout))
	if err != nil {
		return nil, fmt.Errorf("creating deployment %s: %w", a.version(), err)
	}
	service, err := corev1.NewService(ctx, a.name+"-service", &corev1.ServiceArgs{
		Metadata: metadata,
		Spec: corev1.ServiceSpecArgs{
			Selector: labels,
			Ports: corev1.ServicePortArray{corev1.ServicePortArgs{
				Protocol:   pulumi.String("TCP"),
				Port:       pulumi.Int(servicePort),
				TargetPort: pulumi.Int(appPort),
			}},
		},
	}, pulumi.Parent(a),
		// Pulumi regards a Service as ready when it has endpoints.
		pulumi.DependsOn([]pulumi.Resource{deployment}))
	if err != nil {
		return nil, fmt.Errorf("creating service %s: %w", a.version(), err)
	}
	return []pulumi.Resource{deployment, service}, nil
}

func (a *SecureApp) podSpec() corev1.PodSpecPtrInput {
	return corev1.PodSpecArgs{
		ServiceAccountName:            pulumi.String(a.args.ServiceAccount),
		TerminationGracePeriodSeconds: pulumi.Int(graceSeconds),
		Containers: corev1.ContainerArray{corev1.ContainerArgs{
			Name:  pulumi.String(a.version()),
			Image: pulumi.String(a.cluster().Sources.image(a.args.Image)),
			Env: corev1.EnvVarArray{corev1.EnvVarArgs{
				Name:  pulumi.String("PodName"),
				Value: pulumi.String("Hello from " + a.version()),
			}},
			Ports: corev1.ContainerPortArray{corev1.ContainerPortArgs{ContainerPort: pulumi.Int(appPort)}},
			// Fails if the pod has no proxy, which the proxy's own probe cannot.
			StartupProbe: corev1.ProbeArgs{
				HttpGet: corev1.HTTPGetActionArgs{
					Path: pulumi.String(sidecar.ReadyPath),
					Port: pulumi.Int(sidecar.ReadyPort),
				},
				PeriodSeconds:    pulumi.Int(1),
				FailureThreshold: pulumi.Int(60),
			},
			ReadinessProbe: corev1.ProbeArgs{
				TcpSocket:     corev1.TCPSocketActionArgs{Port: pulumi.Int(appPort)},
				PeriodSeconds: pulumi.Int(2),
			},
			Lifecycle: corev1.LifecycleArgs{
				PreStop: corev1.LifecycleHandlerArgs{Sleep: corev1.SleepActionArgs{Seconds: pulumi.Int(drainSeconds)}},
			},
			Resources: corev1.ResourceRequirementsArgs{
				Requests: pulumi.StringMap{"cpu": pulumi.String("10m"), "memory": pulumi.String("32Mi")},
				Limits:   pulumi.StringMap{"memory": pulumi.String("256Mi")},
			},
			SecurityContext: corev1.SecurityContextArgs{
				AllowPrivilegeEscalation: pulumi.Bool(false),
				Capabilities:             corev1.CapabilitiesArgs{Drop: pulumi.ToStringArray([]string{"ALL"})},
				SeccompProfile:           corev1.SeccompProfileArgs{Type: pulumi.String("RuntimeDefault")},
			},
		}},
	}
}

func (a *SecureApp) sidecarChecksum() pulumi.StringOutput {
	environment := a.environment()
	return pulumi.All(environment.CACertificate, environment.ClientRoleARN).ApplyT(func(inputs []any) (string, error) {
		ca, role := inputs[0].(string), inputs[1].(string)
		return sidecar.Checksum(sidecar.Args{Region: environment.Account.Region}, ca, role)
	}).(pulumi.StringOutput)
}
